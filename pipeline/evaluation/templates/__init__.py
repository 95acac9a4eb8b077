"""The report's template, a package so that whoever imports it depends on the files beside."""

"""Does an exported version answer in a process that has nothing of ours?"""

"""Countries whose phone numbers are known as they are written at home."""

DEFAULT_REGIONS = (
    "US", "GB", "DE", "FR", "ES", "IT", "NL", "BE", "AT", "CH", "PL", "SE", "PT", "IE", "AU", "CN",
    "JP", "KR", "IN", "BR", "MX", "TR", "ZA", "RU")
"""By ISO 3166 code; US stands for all of North America. Those with numbers of eight digits, such
as Denmark and Singapore, are left out: article numbers look the same."""

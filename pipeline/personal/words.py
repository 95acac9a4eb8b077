"""Words that names of persons are told from."""

from __future__ import annotations

NOT_A_NAME = frozenset((
    "a", "able", "about", "afraid", "all", "also", "always", "amazon", "american", "an", "and",
    "any", "apple", "april", "at", "august", "back", "berlin", "best", "big", "black", "blue",
    "both", "british", "but", "buyer", "buyers", "canada", "chinese", "christian", "client",
    "clients", "color", "colour", "customer", "customers", "dad", "december", "depot", "done",
    "dr", "dutch", "each", "east", "ebay", "electronics", "england", "english", "european",
    "every", "everybody", "everyone", "february", "fellow", "fine", "folks", "for", "france",
    "frau", "french", "fresh", "friday", "friend", "friends", "from", "german", "germany",
    "glad", "good", "google", "great", "green", "guys", "happy", "he", "hello", "her", "here",
    "herr", "herrn", "hey", "hi", "him", "his", "home", "how", "i", "if", "in", "is", "ist",
    "it", "italian", "its", "january", "japanese", "july", "june", "just", "kind", "kitty",
    "las", "london", "los", "love", "madam", "mama", "march", "me", "miss", "model", "mom",
    "monday", "mr", "mrs", "ms", "mum", "muslim", "my", "new", "no", "none", "north", "not",
    "november", "now", "october", "of", "ok", "old", "on", "one", "only", "or", "our", "papa",
    "paris", "people", "please", "polish", "pretty", "prime", "prof", "puerto", "quite",
    "reader", "readers", "ready", "really", "red", "regards", "sad", "saint", "samsung", "san",
    "santa", "saturday", "seller", "september", "service", "she", "shop", "shopper", "shoppers",
    "short", "sir", "size", "small", "so", "some", "sorry", "south", "spanish", "sri", "st",
    "still", "store", "sunday", "support", "sure", "tall", "team", "thank", "thanks", "that",
    "the", "their", "them", "there", "these", "they", "this", "those", "three", "thursday",
    "tired", "to", "too", "tuesday", "two", "uk", "und", "united", "us", "usa", "vegan",
    "vegetarian", "very", "was", "we", "wednesday", "well", "west", "what", "when", "where",
    "white", "who", "why", "with", "world", "yes", "you", "your"))
"""What follows "I am", "Dear" or "regards" and begins no name, in lower case."""

BRANDS = frozenset((
    "bar", "beam", "beams", "beasley", "berg", "bronner", "bronners", "brown", "browns",
    "bubble", "butterworth", "butterworths", "christmas", "claus", "clean", "coffee", "dennis",
    "dre", "earth", "elsey", "elseys", "fields", "gasket", "grip", "hauschka", "heater",
    "infrared", "jam", "jams", "jart", "longarm", "lube", "marten", "martens", "mercola",
    "meyer", "meyers", "muscle", "oetker", "opener", "paper", "pepper", "pet", "potato",
    "power", "robot", "robots", "rogers", "scholl", "scholls", "seuss", "sketch", "squeegee",
    "steam", "sticky", "strange", "teal", "teals", "tuttle", "who"))
"""What follows "Mr.", "Mrs." or "Dr." in the name of a brand, in lower case."""

ROLES = frozenset((
    "accounts", "admin", "and", "billing", "care", "contact", "customercare", "customerservice",
    "email", "for", "from", "hello", "help", "info", "jobs", "kontakt", "mail", "marketing",
    "noreply", "office", "order", "orders", "postmaster", "press", "reply", "returns", "sales",
    "service", "services", "shop", "store", "support", "team", "the", "webmaster", "you"))
"""Local parts of e-mail addresses, or pieces of them, that are nobody's name."""

NAME_FIELDS = frozenset((
    "apellido", "apellidos", "billingname", "cardholder", "cardholdername", "cognome",
    "contactname", "customername", "familyname", "firstname", "forename", "fullname",
    "givenname", "lastname", "middlename", "nachname", "name", "nom", "nombre", "prenom",
    "recipientname", "shippingname", "surname", "vorname"))
"""Names of fields, in lower case and letters alone, whose values are names of persons."""

"""Watches: made, changed, brought along, ended; and the links of the mails that they send."""

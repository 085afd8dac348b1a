"""What installs of the extension say and are told."""

"""Whether what somebody saw may be believed: pure rules that end in a verdict."""

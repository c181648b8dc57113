"""The pages for signing in and out, for one's own keys, and for users and their roles."""

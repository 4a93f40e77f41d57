"""Another machine's CPU: the program lends out recordings, a lender hears them, and nothing else changes hands."""

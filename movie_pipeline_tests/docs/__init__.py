"""The pages for readers: that what they say of files, names and numbers is so."""

"""DQDL as text: tokens, grammar, the ruleset as values that print themselves back.

Nothing here judges data.
"""

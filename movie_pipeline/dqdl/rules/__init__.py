"""What each kind of rule means: from a rule and a schema to a plan, one function per kind.

What a plan answers on some data is found out in engines/.
"""

"""What each kind of rule means: one object for each, in the module of its family.

What a rule's plan answers on some data is found out in engines/.
"""

"""The whole job over whole deployments: the same files, and what each of them makes of them."""

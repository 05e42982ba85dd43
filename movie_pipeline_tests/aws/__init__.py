"""What the AWS world promises beyond the interfaces, on the stand-ins."""

"""What the local implementations promise beyond the interfaces, and the SQL files."""

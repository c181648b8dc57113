"""What keeps the service answering under load: turns, deadlines, connections, memory, its log."""

"""What watches: logs and traces, alerts and who is told, boards, money."""

"""What Milepost is about, in frozen values and tables of moves. Nothing here does I/O, knows the time or imports a framework."""

"""What Milepost is about, in frozen values and tables of moves: no I/O, no clock, no framework."""

"""The commands: each handler says who may, turns words into arguments, makes one call and puts the result in words."""

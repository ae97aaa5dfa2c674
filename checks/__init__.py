"""What must hold: pure rules over plain data; they know no Pulumi and no cloud."""

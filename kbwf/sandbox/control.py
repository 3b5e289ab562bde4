"""What the judge tells a candidate's warden: stop everything, go on. Each is answered by the same byte when done."""

FREEZE = b"f"
THAW = b"t"

"""When a result is right: arithmetic on tensors that judge and runners share."""

"""People drawn by ourselves: a kinematic skeleton, a clothed body around it, a street behind it, and the truth beside the picture."""

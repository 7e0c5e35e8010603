"""IM-NET: voxels to a code, a code and a point to its occupancy, learnt on coarse cells first and on fine ones last."""

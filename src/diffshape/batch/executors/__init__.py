"""Where jobs run: in this process, in processes of this machine, on a Ray cluster, or by SLURM."""

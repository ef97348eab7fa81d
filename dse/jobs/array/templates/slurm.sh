#!/bin/sh
#SBATCH --job-name=vitdse
#SBATCH --array=0-{{.Last}}
#SBATCH --output={{.Dir}}/logs/%a.log
#SBATCH --open-mode=append
#SBATCH --cpus-per-task=1
#SBATCH --requeue
#SBATCH --time=1-00:00:00
exec {{.Command}} "$SLURM_ARRAY_TASK_ID"

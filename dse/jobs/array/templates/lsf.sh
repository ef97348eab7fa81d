#!/bin/sh
#BSUB -J "vitdse[1-{{.Tasks}}]"
#BSUB -o /dev/null
#BSUB -n 1
#BSUB -r
#BSUB -W 24:00
index=$((LSB_JOBINDEX - 1))
exec {{.Command}} "$index" >>{{.Logs}}/"$index".log 2>&1

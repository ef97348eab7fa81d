#!/bin/sh
#$ -N vitdse
#$ -t 1-{{.Tasks}}
#$ -S /bin/sh
#$ -o /dev/null
#$ -j y
#$ -r y
#$ -l h_rt=24:00:00
index=$((SGE_TASK_ID - 1))
exec {{.Command}} "$index" >>{{.Logs}}/"$index".log 2>&1

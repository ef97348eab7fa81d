#!/bin/sh
#PBS -N vitdse
{{if .Last}}#PBS -J 0-{{.Last}}
{{end}}#PBS -o /dev/null
#PBS -j oe
#PBS -r y
#PBS -l select=1:ncpus=1
#PBS -l walltime=24:00:00
index=${PBS_ARRAY_INDEX:-0}
exec {{.Command}} "$index" >>{{.Logs}}/"$index".log 2>&1

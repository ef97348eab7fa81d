#!/bin/sh
#HQ --name vitdse
#HQ --array 0-{{.Last}}
#HQ --cpus 1
#HQ --stdout none
#HQ --stderr none
#HQ --time-limit 24h
exec {{.Command}} "$HQ_TASK_ID" >>{{.Logs}}/"$HQ_TASK_ID".log 2>&1

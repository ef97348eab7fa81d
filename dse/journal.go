package dse

import (
	"encoding/json"
	"fmt"
	"path/filepath"
)

// JournalFile is the name of the journal in a run directory, which dse/jobs keeps: a line for each shard of a sweep
// or job of an exact search. Points that an earlier line's points dominate are left out of a line's front.
const JournalFile = "journal.jsonl"

const sweepKind = "vitdse sweep"

// shardResult is what a shard found.
type shardResult struct {
	Parts []partResult `json:"parts"`
}

type partResult struct {
	tally
	Front []ranked `json:"front"`
}

// tallies are the parts' tallies with their fronts.
func (r *shardResult) tallies() []tally {
	list := make([]tally, len(r.Parts))
	for i, p := range r.Parts {
		list[i] = p.tally
		list[i].front = p.Front
	}
	return list
}

// MarshalJSON writes [rank, seconds, use, noise].
func (p ranked) MarshalJSON() ([]byte, error) {
	return fmt.Appendf(nil, "[%d,%s,%s,%s]", p.rank, number(p.Seconds), number(p.Use), number(p.Noise)), nil
}

// UnmarshalJSON reads what MarshalJSON writes.
func (p *ranked) UnmarshalJSON(text []byte) error {
	fields := [4]any{&p.rank, &p.Seconds, &p.Use, &p.Noise}
	list := fields[:]
	return json.Unmarshal(text, &list)
}

// journal is the path of the run's journal, "" for none.
func (o Options) journal() string {
	if o.Dir == "" {
		return ""
	}
	return filepath.Join(o.Dir, JournalFile)
}

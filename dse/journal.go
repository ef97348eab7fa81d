package dse

import (
	"encoding/json"
	"fmt"
	"path/filepath"

	"vitdse/dse/jobs"
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

// partsOf are tallies as JSON has them.
func partsOf(list []tally) []partResult {
	parts := make([]partResult, len(list))
	for i := range list {
		parts[i] = partResult{list[i], list[i].front}
	}
	return parts
}

// outcomeLine is the outcome of a shard that another process covered.
type outcomeLine struct {
	shardResult
	Priced int64 `json:"priced"`
}

// MarshalJSON writes what UnmarshalJSON reads.
func (o outcome) MarshalJSON() ([]byte, error) {
	return json.Marshal(outcomeLine{shardResult{partsOf(o.parts)}, o.priced})
}

// UnmarshalJSON reads what MarshalJSON writes.
func (o *outcome) UnmarshalJSON(text []byte) error {
	var l outcomeLine
	err := json.Unmarshal(text, &l)
	o.parts, o.priced = l.tallies(), l.Priced
	return err
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

// open starts the run's journal or takes up where it ends. A task of other work of the run, such as the front's
// measuring, only reads what the search has found.
func open[R any](o Options, p jobs.Plan) (*jobs.Journal[R], []jobs.Record[R], error) {
	if o.Elsewhere != nil && o.Elsewhere.Part != nil {
		return new(jobs.Journal[R]), jobs.Read[R](o.journal(), p), nil
	}
	return jobs.Open[R](o.journal(), p, o.Resume, o.Say, o.Reading)
}

// journal is the path of the run's journal, "" for none.
func (o Options) journal() string {
	if o.Dir == "" {
		return ""
	}
	return filepath.Join(o.Dir, JournalFile)
}

package sweep

import (
	"encoding/json"

	"vitdse/dse/pareto"
)

const sweepKind = "vitdse sweep"

// shardResult is what a shard found.
type shardResult struct {
	Parts []partResult `json:"parts"`
}

type partResult struct {
	tally
	Front []pareto.Ranked `json:"front"`
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

package dse

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"testing"

	"vitdse/dse/exact"
	"vitdse/dse/jobs"
	"vitdse/dse/search"
)

// tasks has every job done by a search of its own, as processes of an array job do, and says which.
func tasks(t *testing.T, in search.Input, did *[]int) *jobs.Elsewhere {
	return &jobs.Elsewhere{Do: func(ctx context.Context, p jobs.Plan, list []int, cost func(int) float64,
		found func(jobs.Record[json.RawMessage]) error) error {
		for _, job := range list {
			var kept []byte
			task := in
			task.Options.Elsewhere = &jobs.Elsewhere{Part: func(ctx context.Context, q jobs.Plan, list []int,
				do func(context.Context, int) (any, error)) error {
				if q.Kind != p.Kind {
					return errors.ErrUnsupported
				}
				if do == nil {
					return nil
				}
				value, err := do(ctx, job)
				if err == nil {
					kept, err = json.Marshal(value)
				}
				return err
			}}
			if _, err := exact.Search(ctx, task, nil); !errors.Is(err, jobs.ErrPart) {
				t.Errorf("a task ends with %v; expected %v", err, jobs.ErrPart)
			}
			if cost(job) <= 0 {
				t.Errorf("part %d costs %g s", job, cost(job))
			}
			*did = append(*did, job)
			if err := found(jobs.Record[json.RawMessage]{Job: job, Value: kept}); err != nil {
				return err
			}
		}
		return nil
	}}
}

// A search whose parts are tasks gives the bytes of one process, certificates included, also where an interrupted one
// has done a part of it.
func TestExactInParts(t *testing.T) {
	in := free(t)
	in.Options.Resume = true
	want, _ := exactTo(t, in, t.TempDir())
	farm := in
	var did []int
	farm.Options.Elsewhere = tasks(t, in, &did)
	if got, res := exactTo(t, farm, t.TempDir()); !bytes.Equal(got, want) {
		t.Errorf("%d points found by a task for each part are not those of one process", len(res.Front.Points))
	}
	if len(did) != len(in.Parts) || len(did) < 2 {
		t.Errorf("tasks did the parts %v of %d", did, len(in.Parts))
	}
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	in.Options.Dir = dir
	if _, err := exact.Search(ctx, in, func(p search.Progress) {
		if p.Done > p.Total*2/3 { // in the second part
			cancel()
		}
	}); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	did = nil
	farm.Options.Elsewhere = tasks(t, in, &did)
	if got, _ := exactTo(t, farm, dir); !bytes.Equal(got, want) || len(did) != 1 || did[0] != 1 {
		t.Errorf("the rest of an interrupted search, parts %v, gives other bytes or is not the second part", did)
	}
}

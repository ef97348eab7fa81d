package verify

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"

	"vitdse/configs"
	"vitdse/configs/network"
	"vitdse/emit"
	"vitdse/hwmodel"
)

// run collects what the harness prints.
type run struct {
	target   configs.Target
	program  string // that simulates
	man      emit.Manifest
	changed  []string
	opt      Options
	machine  hwmodel.Machine
	net      *network.Network
	progress func(Progress)

	mu        sync.Mutex
	images    int64 // simulated so far
	processes []*process
	timelines map[int][][]int64 // as predicted for runs of so many images: image, op

	// What the processes printed, as if one had simulated all images.
	cycles     [][]int64 // image, op
	predicted  [][]int64 // image, op
	queued     [2]int64  // cycles of the slowest image that waited behind another: predicted, measured
	compared   map[int]event
	spent      map[int][]int64 // by op, cycles of the first image by cause
	mismatches []Mismatch
	rehearsals []int64 // cycles in which a reset is to stop them; the last is that of the wire
	resets     []int64 // and in which it did
	starts     int     // runs that begin in random states
	limit      int64   // cycles after which an op is taken to hang
	sums       int64   // of rows that were compared
	logits     event
	end        event
}

// simulated counts an image.
func (r *run) simulated(detail string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.images++
	r.progress(Progress{Stage: "simulate", Done: r.images, Total: int64(r.opt.Images), Detail: detail})
}

// join adds the processes up.
func (r *run) join() error {
	r.compared, r.spent, r.resets = map[int]event{}, r.processes[0].spent, r.processes[0].resets
	r.end.OK = true
	var results []byte
	for _, p := range r.processes {
		r.cycles = append(r.cycles, p.cycles...)
		r.predicted = append(r.predicted, r.timelines[p.images]...)
		for i := 1; i < len(p.cycles); i++ {
			r.queued[0] = max(r.queued[0], total(r.timelines[p.images][i]))
			r.queued[1] = max(r.queued[1], total(p.cycles[i]))
		}
		r.mismatches = append(r.mismatches, p.mismatches...)
		for op, e := range p.compared {
			all := r.compared[op]
			digest, err := strconv.ParseUint(e.Digest, 16, 64)
			if err != nil {
				return fmt.Errorf("op %d has the digest %q: %w", op, e.Digest, err)
			}
			all.Compared, all.Mismatches, all.sum = all.Compared+e.Compared, all.Mismatches+e.Mismatches, all.sum+digest
			all.Digest = fmt.Sprintf("%016x", all.sum)
			r.compared[op] = all
		}
		r.logits.Images += p.logits.Images
		r.logits.Compared += p.logits.Compared
		r.logits.Mismatches += p.logits.Mismatches
		r.end.OK = r.end.OK && p.end.OK
		r.end.Images += p.end.Images
		r.end.Full += p.end.Full
		r.end.Seconds = max(r.end.Seconds, p.end.Seconds)
		r.end.BeatsRead += p.end.BeatsRead
		r.sums += p.end.Compared
		r.end.BeatsWritten += p.end.BeatsWritten
		if r.opt.Results == "" {
			continue
		}
		part, err := os.ReadFile(p.results())
		if err != nil {
			return err
		}
		results = append(results, part...)
	}
	if r.opt.Results == "" {
		return nil
	}
	return configs.WriteFile(r.opt.Results, results)
}

// total is the cycles of an image, from the end of the one before it.
func total(ops []int64) (sum int64) {
	for _, n := range ops {
		sum += n
	}
	return sum
}

// clean removes the processes' own files.
func (r *run) clean() {
	for _, p := range r.processes {
		os.Remove(p.results())
	}
}

// simulate runs the images, shared among processes where there are enough of them. The first
// process begins with the rehearsals.
func (r *run) simulate(ctx context.Context, dir string) error {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	if r.program, err = filepath.Abs(r.program); err != nil {
		return err
	}
	n := 1
	if r.target == configs.TargetRTL {
		n = max(1, min(runtime.GOMAXPROCS(0), r.opt.Images/fewestImages))
	}
	r.predict(r.opt.Images/n, hwmodel.CeilDiv(r.opt.Images, n))
	if r.target == configs.TargetRTL {
		r.rehearse(r.opt.Images / n)
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var done sync.WaitGroup
	for i := range n {
		p := &process{run: r, number: i, first: i * r.opt.Images / n, compared: map[int]event{}, spent: map[int][]int64{}}
		p.images = (i+1)*r.opt.Images/n - p.first
		if p.full = r.opt.Full; p.full >= 0 {
			p.full = max(0, min(p.images, p.full-p.first))
		}
		r.processes = append(r.processes, p)
		done.Go(func() {
			if err := p.simulate(ctx, abs); err != nil {
				stop(err)
			}
		})
	}
	done.Wait()
	if r.opt.Results != "" {
		defer r.clean()
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return r.join()
}

// predict fills in the timelines of runs of so many images: all 0 for HLS C++, which has no cycles.
func (r *run) predict(counts ...int) {
	r.timelines = map[int][][]int64{}
	for _, images := range counts {
		if r.target == configs.TargetRTL {
			r.timelines[images] = r.machine.Timeline(hwmodel.MemoryTiming{Latency: r.opt.Latency, Stall: r.opt.Stall}, images)
			continue
		}
		r.timelines[images] = make([][]int64, images)
		for i := range images {
			r.timelines[images][i] = make([]int64, len(r.man.Ops))
		}
	}
}

// longRehearsal is the run, in cycles, that is still rehearsed to its end.
const longRehearsal = 200_000

// randomStarts is how many runs from random states come before a run that is short enough.
const randomStarts = 2

// rehearse chooses cycles of a run in which a soft reset stops it, before the run that counts:
// at its start, among its first bursts, in its middle, and while the result is written; of several
// images also when the next one is read ahead, and in the middle of that. At last the reset wire
// stops it in its middle. A short run is also made from random states.
func (r *run) rehearse(images int) {
	timeline := r.timelines[images]
	total, store, ahead, longest := int64(0), int64(0), int64(0), int64(0)
	for i, n := range timeline[0] {
		total, store, longest = total+n, n, max(longest, n)
		// q, k and v of the last block are in front of it
		if i < len(r.net.Ops) && r.net.Ops[i].Kind == network.OpLinear {
			ahead = total
		}
	}
	r.limit = 20*longest + 20_000 // slow memories are in the prediction
	list := []int64{4, 60 + int64(r.opt.Seed%40), min(total/2, longRehearsal/20)}
	if total <= longRehearsal {
		r.starts = randomStarts
		list = append(list, total-store+4, total-2)
		if images > 1 {
			list = append(list, ahead+10, total+total/2)
		}
	}
	r.rehearsals = append(list, min(total/2, longRehearsal/20)+21)
}

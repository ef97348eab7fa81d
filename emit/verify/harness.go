package verify

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"vitdse/configs"
	"vitdse/emit"
	"vitdse/hwmodel"
)

// run collects what the harness prints.
type run struct {
	target   configs.Target
	man      emit.Manifest
	opt      Options
	shape    *hwmodel.Shape
	progress func(Progress)

	cycles     [][]int64 // image, op
	compared   map[int]event
	spent      map[int][]int64 // by op, cycles of the first image by cause
	mismatches []Mismatch
	rehearsals []int64 // cycles in which a soft reset is to stop them
	resets     []int64 // and in which it did
	logits     *event
	end        *event
}

// event is one line of the harness.
type event struct {
	Event        string  `json:"event"`
	Op           int     `json:"op"`
	Image        int     `json:"image"`
	Head         int     `json:"head"`
	Row          int     `json:"row"`
	Col          int     `json:"col"`
	Expected     int64   `json:"expected"`
	Got          int64   `json:"got"`
	Cycle        int64   `json:"cycle"`
	Cycles       any     `json:"cycles"`
	Compared     int64   `json:"compared"`
	Mismatches   int64   `json:"mismatches"`
	Images       int     `json:"images"`
	Full         int     `json:"full"`
	OK           bool    `json:"ok"`
	Seconds      float64 `json:"seconds"`
	BeatsRead    int64   `json:"beats_read"`
	BeatsWritten int64   `json:"beats_written"`
	What         string  `json:"what"`
	Digest       string  `json:"digest"`
}

func (e event) cycles() []int64 {
	var cycles []int64
	list, _ := e.Cycles.([]any)
	for _, v := range list {
		f, _ := v.(float64)
		cycles = append(cycles, int64(f))
	}
	return cycles
}

func (r *run) simulate(ctx context.Context, dir string) error {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	args := []string{abs, "--images", strconv.Itoa(r.opt.Images), "--full", strconv.Itoa(r.opt.Full)}
	if r.opt.Results != "" {
		results, err := filepath.Abs(r.opt.Results)
		if err != nil {
			return err
		}
		args = append(args, "--results", results)
	}
	// The RTL's tables are read relative to rtl/.
	in, program := filepath.Join(abs, "hls"), filepath.Join(abs, "hls/build/csim")
	if r.target == configs.TargetRTL {
		in, program = filepath.Join(abs, "rtl"), filepath.Join(abs, "sim/build/harness")
		r.rehearsals = r.rehearse()
		args = append(args, "--latency", strconv.Itoa(r.opt.Latency), "--stall", strconv.Itoa(int(r.opt.Stall*1000+0.5)),
			"--seed", strconv.FormatUint(r.opt.Seed, 10), "--resets", strings.Trim(strings.ReplaceAll(fmt.Sprint(r.rehearsals), " ", ","), "[]"))
	}
	cmd := command(ctx, in, program, args...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		return err
	}
	scan := bufio.NewScanner(out)
	scan.Buffer(make([]byte, 64<<10), 16<<20)
	r.compared, r.spent = map[int]event{}, map[int][]int64{}
	var fault string
	for scan.Scan() {
		var e event
		if err := json.Unmarshal(scan.Bytes(), &e); err != nil {
			fault = "the simulation printed " + strconv.Quote(scan.Text())
			continue
		}
		if e.Event == "fault" {
			fault = e.What
		}
		r.take(e)
	}
	waitErr := cmd.Wait()
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case fault != "":
		return fmt.Errorf("simulation of %s: %s", dir, r.nameOps(fault))
	case r.end == nil:
		return fmt.Errorf("simulation of %s ended without a result: %v\n%s", dir, waitErr, tail(stderr.String(), 20))
	}
	return nil
}

// nameOps adds op names to a fault's op numbers.
func (r *run) nameOps(what string) string {
	words := strings.Fields(what)
	for i := 0; i+1 < len(words); i++ {
		num := strings.TrimRight(words[i+1], ",;.")
		if n, err := strconv.Atoi(num); words[i] == "op" && err == nil && n < len(r.man.Ops) {
			words[i+1] = strings.Replace(words[i+1], num, fmt.Sprintf("%s (%d)", r.man.Ops[n].Name, n), 1)
		}
	}
	return strings.Join(words, " ")
}

func (r *run) take(e event) {
	switch e.Event {
	case "reset":
		r.resets = append(r.resets, e.Cycle)
	case "spent":
		r.spent[e.Op] = e.cycles()
	case "image":
		r.cycles = append(r.cycles, e.cycles())
		detail := ""
		if r.target == configs.TargetRTL {
			detail = fmt.Sprintf("%d cycles", e.Cycle)
		}
		r.progress(Progress{Stage: "simulate", Done: int64(e.Image + 1), Total: int64(r.opt.Images), Detail: detail})
	case "op":
		r.compared[e.Op] = e
	case "mismatch":
		name := "logits"
		if e.Op < len(r.man.Ops)-1 {
			name = r.man.Ops[e.Op].Name
		}
		r.mismatches = append(r.mismatches, Mismatch{name, e.Image, e.Head, e.Row, e.Col, e.Expected, e.Got, e.Cycle})
	case "logits":
		r.logits = &e
	case "end":
		r.end = &e
	}
}

// longRehearsal is the run, in cycles, that is still rehearsed to its end.
const longRehearsal = 200_000

// rehearse chooses cycles of a run in which a soft reset stops it, before the run that counts:
// at its start, among its first bursts, in its middle, and while the result is written.
func (r *run) rehearse() []int64 {
	total, store := int64(0), int64(0)
	for _, n := range r.shape.Timeline(hwmodel.MemoryTiming{Latency: r.opt.Latency, Stall: r.opt.Stall}, 1)[0] {
		total, store = total+n, n
	}
	list := []int64{4, 60 + int64(r.opt.Seed%40), min(total/2, longRehearsal/20)}
	if total <= longRehearsal {
		list = append(list, total-store+4, total-2)
	}
	return list
}

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
)

// fewestImages is what a process simulates at least: the load of an image ahead of its turn is
// part of what is verified.
const fewestImages = 4

// process simulates some of the images.
type process struct {
	*run
	number, first, images, full int

	cycles     [][]int64 // image, op
	compared   map[int]event
	spent      map[int][]int64 // by op, cycles of the first image by cause
	mismatches []Mismatch
	resets     []int64 // cycles in which rehearsals were stopped
	logits     *event
	end        *event
}

// results is the file that the process writes its result blocks to.
func (p *process) results() string { return fmt.Sprintf("%s.%d", p.opt.Results, p.number) }

func (p *process) simulate(ctx context.Context, abs string) error {
	args := []string{abs, "--images", strconv.Itoa(p.images), "--full", strconv.Itoa(p.full)}
	if p.opt.Results != "" {
		results, err := filepath.Abs(p.results())
		if err != nil {
			return err
		}
		args = append(args, "--results", results)
	}
	// The RTL's tables are read relative to rtl/.
	in, program := filepath.Join(abs, "hls"), filepath.Join(abs, "hls/build/csim")
	if p.target == configs.TargetRTL {
		in, program = filepath.Join(abs, "rtl"), filepath.Join(abs, "sim/build/harness")
		args = append(args, "--first", strconv.Itoa(p.first), "--latency", strconv.Itoa(p.opt.Latency), "--stall", strconv.Itoa(int(p.opt.Stall*1000+0.5)),
			"--seed", strconv.FormatUint(p.opt.Seed+uint64(p.number), 10))
		if p.number == 0 {
			args = append(args, "--resets", strings.Trim(strings.ReplaceAll(fmt.Sprint(p.rehearsals), " ", ","), "[]"))
		}
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
		p.take(e)
	}
	waitErr := cmd.Wait()
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case fault != "":
		return fmt.Errorf("simulation of %s: %s", abs, p.nameOps(fault))
	case p.end == nil || p.logits == nil || len(p.cycles) != p.images:
		return fmt.Errorf("simulation of %s ended without a result: %v\n%s", abs, waitErr, tail(stderr.String(), 20))
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

func (p *process) take(e event) {
	switch e.Event {
	case "reset":
		p.resets = append(p.resets, e.Cycle)
	case "spent":
		p.spent[e.Op] = e.cycles()
	case "image":
		p.cycles = append(p.cycles, e.cycles())
		detail := ""
		if p.target == configs.TargetRTL {
			detail = fmt.Sprintf("%d cycles", e.Cycle)
		}
		p.simulated(detail)
	case "op":
		p.compared[e.Op] = e
	case "mismatch":
		name := "logits"
		if e.Op < len(p.man.Ops)-1 {
			name = p.man.Ops[e.Op].Name
		}
		p.mismatches = append(p.mismatches, Mismatch{name, e.Image, e.Head, e.Row, e.Col, e.Expected, e.Got, e.Cycle})
	case "logits":
		p.logits = &e
	case "end":
		p.end = &e
	}
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

	sum uint64 // of digests, of several processes
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

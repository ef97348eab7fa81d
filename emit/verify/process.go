package verify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"vitdse/configs"
	"vitdse/emit/child"
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
	started    int     // runs from random states that came to their end
	unequal    bool    // one of them was not as expected
	logits     *event
	end        *event
	fault      string // why it ended early
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
	in := filepath.Join(abs, "hls")
	if p.target == configs.TargetRTL {
		in = filepath.Join(abs, "rtl") // its tables are read from there
		args = append(args, "--first", strconv.Itoa(p.first), "--latency", strconv.Itoa(p.opt.Latency), "--stall",
			strconv.Itoa(int(p.opt.Stall*1000+0.5)),
			"--seed", strconv.FormatUint(p.opt.Seed+uint64(p.number), 10))
		args = append(args, "--limit", strconv.FormatInt(p.limit, 10))
		if p.number == 0 {
			soft, hard := p.rehearsals[:len(p.rehearsals)-1], p.rehearsals[len(p.rehearsals)-1]
			args = append(args, "--resets", strings.Trim(strings.ReplaceAll(fmt.Sprint(soft), " ", ","), "[]"),
				"--hard", strconv.FormatInt(hard, 10), "--starts", strconv.Itoa(p.starts))
		}
	}
	said, err := child.Command{Dir: in, Args: append([]string{p.program}, args...), Line: p.line}.Run(ctx)
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case p.fault != "":
		return fmt.Errorf("simulation of %s: %s%s", abs, p.nameOps(p.fault), p.hung(p.fault))
	case err != nil && !errors.As(err, &exit):
		return fmt.Errorf("simulation of %s: %w", abs, err)
	case p.end == nil || p.logits == nil || len(p.cycles) != p.images:
		return fmt.Errorf("simulation of %s ended without a result: %v\n%s", abs, err, tail(sanitized(said), 20))
	}
	return nil
}

// assertion is what the RTL prints where one of its assertions does not hold, before it stops: its module's path and a
// sentence.
var assertion = regexp.MustCompile(`^TOP\.sim_top\.([\w.\[\]]+): (.+)$`)

// line takes a line of the simulator. One that is neither of the harness nor of an assertion ends it.
func (p *process) line(text []byte) error {
	if m := assertion.FindSubmatch(text); m != nil && p.target == configs.TargetRTL {
		if p.fault == "" {
			p.fault = fmt.Sprintf("an assertion of the RTL does not hold in %s: %s", m[1], m[2])
		}
		return nil
	}
	if p.fault != "" {
		return nil // what the simulator says of being stopped
	}
	var e event
	if err := json.Unmarshal(text, &e); err != nil {
		return fmt.Errorf("it printed %.200q: %w", text, err)
	}
	if e.Event == "fault" {
		p.fault = e.What
	}
	p.take(e)
	if len(p.cycles) > p.images || len(p.mismatches) > mostNamed*(p.starts+1)*(len(p.man.Ops)+1) {
		return fmt.Errorf("it reported more than %d images, or more mismatches than it should name", p.images)
	}
	return nil
}

// mostNamed is how many mismatches of an op the harness names.
const mostNamed = 3

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
		if e.What != "" {
			name += ", " + e.What
		}
		p.mismatches = append(p.mismatches, Mismatch{name, e.Image, e.Head, e.Row, e.Col, e.Expected, e.Got, e.Cycle})
	case "logits":
		p.logits = &e
	case "start":
		p.started++
		p.unequal = p.unequal || !e.OK
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

// sanitized is the report of a sanitizer, which begins by what happened, without what is in front of it.
func sanitized(said string) string {
	for _, mark := range []string{"runtime error: ", "ERROR: AddressSanitizer"} {
		if at := strings.Index(said, mark); at >= 0 {
			begin := strings.LastIndexByte(said[:at], '\n') + 1
			lines := strings.SplitN(said[begin:], "\n", 12)
			return strings.Join(lines[:min(len(lines), 11)], "\n")
		}
	}
	return said
}

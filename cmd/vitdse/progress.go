package main

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
	"golang.org/x/term"
)

// plainEvery is how often progress is a line of text where there is no terminal.
const plainEvery = 5 * time.Second

// progress shows how far one task is: a bar on a terminal, otherwise a line every few
// seconds. Its methods may be called from several goroutines.
type progress struct {
	w           io.Writer
	title, unit string
	start       time.Time

	mu     sync.Mutex
	detail string
	from   int64 // done before the task began
	done   int64
	total  int64
	last   time.Time // of the last plain line

	bars *mpb.Progress // nil without a terminal
	bar  *mpb.Bar
}

// newProgress starts a task of total steps, 0 if not known yet; unit is what the rate
// counts, in the plural.
func newProgress(w io.Writer, title, unit string, total int64) *progress {
	p := &progress{w: w, title: title, unit: unit, total: total, start: time.Now()}
	p.last = p.start
	if !terminal(w) {
		return p
	}
	p.bars = mpb.New(mpb.WithOutput(w), mpb.WithWidth(28), mpb.WithRefreshRate(150*time.Millisecond))
	style := mpb.BarFillerBuilder(mpb.BarStyle())
	if total == 0 {
		style = mpb.SpinnerStyle()
	}
	p.bar = p.bars.New(total, style, mpb.BarRemoveOnComplete(),
		mpb.PrependDecorators(decor.Name(title+" ")),
		mpb.AppendDecorators(decor.Any(func(decor.Statistics) string { return " " + p.text() })))
	return p
}

func terminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// set moves the task to done of total steps.
func (p *progress) set(done, total int64, detail string) {
	p.mu.Lock()
	p.done, p.total, p.detail = done, total, detail
	due := p.bar == nil && time.Since(p.last) >= plainEvery
	if due {
		p.last = time.Now()
	}
	p.mu.Unlock()
	if p.bar != nil {
		p.bar.SetTotal(max(total, done+1), false) // finish completes it
		p.bar.SetCurrent(done)
	}
	if due {
		fmt.Fprintf(p.w, "%s: %s\n", p.title, p.text())
	}
}

// resumed says how many of the steps were done before the task began.
func (p *progress) resumed(from int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.from = from
}

// text says how far, how fast and how long still.
func (p *progress) text() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	elapsed := time.Since(p.start)
	if p.total <= 0 {
		return join(span(elapsed)+" so far", p.detail)
	}
	s := fmt.Sprintf("%s/%s %s, %s %s/s", count(p.done), count(p.total), p.unit, rate(p.done-p.from, elapsed), p.unit)
	if p.done > p.from && p.done < p.total {
		left := time.Duration(float64(elapsed) * float64(p.total-p.done) / float64(p.done-p.from))
		s += ", ETA " + span(left)
	}
	return join(s, p.detail)
}

func join(s, detail string) string {
	if detail == "" {
		return s
	}
	return s + ", " + detail
}

// finish takes the bar away; call it whether the task succeeded or not. It returns the
// time the task took.
func (p *progress) finish() time.Duration {
	if p.bar != nil {
		p.bar.Abort(true)
		p.bars.Wait()
	}
	return time.Since(p.start)
}

// now is what the task is, how far in words, and how many of how many steps are done.
func (p *progress) now() (title, text string, done, total int64) {
	text = p.text()
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.title, text, p.done, p.total
}

package progress

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
	"golang.org/x/term"

	"vitdse/cmd/vitdse/number"
	"vitdse/dse/jobs"
)

// plainFirst and plainEvery are when progress is a line of text where there is no terminal, whether or not anything
// has ended since.
const plainFirst, plainEvery = 1500 * time.Millisecond, 5 * time.Second

// Bar shows how far one task is: a bar on a terminal, otherwise a line soon and then every few
// seconds. Its methods may be called from several goroutines.
type Bar struct {
	w           io.Writer
	title, unit string
	start       time.Time

	mu     sync.Mutex
	detail string
	pace   jobs.Pace
	expect time.Duration // that earlier runs took, where steps are not known; 0 for none
	past   int           // how many

	end  func()        // of the lines, without a terminal
	bars *mpb.Progress // nil without a terminal
	bar  *mpb.Bar
}

// Start starts a task of total steps, 0 if not known yet; unit is what the rate
// counts, in the plural.
func Start(w io.Writer, title, unit string, total int64) *Bar {
	p := &Bar{w: w, title: title, unit: unit, pace: jobs.Pace{Total: total}, start: time.Now()}
	if !OnTerminal(w) {
		p.lines()
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

// OnTerminal says whether what is written is seen on a terminal.
func OnTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// Set moves the task to done of total steps.
func (p *Bar) Set(done, total int64, detail string) {
	p.mu.Lock()
	p.pace.Done, p.pace.Total, p.detail = done, total, detail
	p.mu.Unlock()
	if p.bar != nil {
		p.bar.SetTotal(max(total, done+1), false) // Finish completes it
		p.bar.SetCurrent(done)
	}
}

// expected says how long the task may take, by so many earlier runs.
func (p *Bar) expected(d time.Duration, past int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.expect, p.past = d, past
}

// note changes the detail alone.
func (p *Bar) note(detail string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.detail = detail
}

// lines writes lines of text until end is called.
func (p *Bar) lines() {
	stop, ended := make(chan struct{}), make(chan struct{})
	p.end = func() { close(stop); <-ended }
	go func() {
		defer close(ended)
		for wait := plainFirst; ; wait = plainEvery {
			select {
			case <-time.After(wait):
				fmt.Fprintf(p.w, "%s: %s\n", p.title, p.text())
			case <-stop:
				return
			}
		}
	}()
}

// resumed says how many of the steps were done before the task began.
func (p *Bar) resumed(from int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pace.Resumed = from
}

// text says how far, how fast and how long still.
func (p *Bar) text() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pace.Elapsed = time.Since(p.start)
	if p.pace.Total <= 0 {
		return join(p.unmeasured(), p.detail)
	}
	s := fmt.Sprintf("%s/%s %s, %s %s/s", number.Count(p.pace.Done), number.Count(p.pace.Total), p.unit,
		number.Rate(p.pace.Done-p.pace.Resumed, p.pace.Elapsed), p.unit)
	if left, known := p.pace.ETA(); known {
		s += ", ETA " + number.Span(left)
	}
	return join(s, p.detail)
}

// unmeasured says how far a task is whose number of steps is not known.
func (p *Bar) unmeasured() string {
	s := number.Span(p.pace.Elapsed) + " so far"
	if p.pace.Done > 0 {
		s += fmt.Sprintf(", %s %s, %s %s/s", number.Count(p.pace.Done), p.unit,
			number.Rate(p.pace.Done, p.pace.Elapsed), p.unit)
	}
	switch by := "by " + number.Plural(p.past, "earlier run"); {
	case p.expect == 0:
		return s
	case p.pace.Elapsed < p.expect:
		return s + ", ETA " + number.Span(p.expect-p.pace.Elapsed) + ", an estimate " + by
	default:
		return s + ", longer than estimated " + by
	}
}

func join(s, detail string) string {
	if detail == "" {
		return s
	}
	return s + ", " + detail
}

// Finish takes the bar away; call it whether the task succeeded or not. It returns the
// time the task took.
func (p *Bar) Finish() time.Duration {
	if p.bar != nil {
		p.bar.Abort(true)
		p.bars.Wait()
	} else {
		p.end()
	}
	return time.Since(p.start)
}

// now is what the task is, how far in words, and how many of how many steps are done.
func (p *Bar) now() (title, text string, done, total int64) {
	text = p.text()
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.title, text, p.pace.Done, p.pace.Total
}

// Package progress shows how far long work is: a bar on a terminal, lines of text elsewhere, with rate and time left
// within two seconds, and a line for each task that has ended.
package progress

import (
	"io"
	"time"

	"vitdse/cmd/vitdse/number"
)

// Follower hears of tasks beside the terminal.
type Follower interface {
	At(now func() (title, text string, done, total int64)) // the task at work
	Finished(line string)
}

// Stages shows the tasks of a command one after the other: a bar for the one at work,
// and a line with its time and rate for each that has ended.
type Stages struct {
	Printf   func(format string, args ...any) // prints the line of a task that has ended
	Err      io.Writer                        // for the bar
	Steps    *Forecast                        // of tools that do not say how far they are; nil for none
	Follower Follower                         // may be nil

	bar   *Bar
	from  int64  // of the bar's steps, done before it began
	where string // the jobs are done, but in this process
}

// Set moves the task of the given title on, and ends the one before it.
func (s *Stages) Set(title, unit string, done, total int64, detail string) {
	if s.bar == nil || s.bar.title != title {
		s.End()
		s.bar = Start(s.Err, title, unit, total)
		s.from = 0
		if s.Steps != nil && total == 0 {
			s.bar.expected(s.Steps.expect(title))
		}
	}
	if detail != "" && s.where != "" {
		detail = ", " + detail
	}
	s.bar.Set(done, total, s.where+detail)
	if s.Follower != nil {
		s.Follower.At(s.bar.now)
	}
}

// At says where the jobs of the task at work are done.
func (s *Stages) At(where string) {
	if s.where = where; s.bar != nil {
		s.bar.note(where)
	}
}

// Here says that jobs are done in this process again.
func (s *Stages) Here() { s.where = "" }

// Of is Set for a task without details.
func (s *Stages) Of(title, unit string, done, total int) {
	s.Set(title, unit, int64(done), int64(total), "")
}

// Task hears how far a task is.
func (s *Stages) Task(title, unit string) func(done, total int) {
	return func(done, total int) { s.Of(title, unit, done, total) }
}

// unseen is how long a file is read before it is said how far.
const unseen = 300 * time.Millisecond

// Reading hears how far a file is read: nothing is shown of one that is read at once.
func (s *Stages) Reading(title string) func(done, total int64) {
	start := time.Now()
	return func(done, total int64) {
		if s.bar == nil && time.Since(start) < unseen {
			return
		}
		begun := s.bar == nil
		s.Set(title, "MB", done/1e6, total/1e6, "")
		if begun {
			s.Resumed(done / 1e6)
		}
	}
}

// Resumed says how many of the steps were done before the task began.
func (s *Stages) Resumed(from int64) {
	if s.bar != nil {
		s.bar.resumed(from)
	}
	s.from = from
}

// End finishes the task at work and prints its line.
func (s *Stages) End() {
	if s.bar == nil {
		return
	}
	took := s.bar.Finish()
	b := s.bar
	s.bar = nil
	if s.Steps != nil && b.pace.Total == 0 {
		s.Steps.took(b.title, took)
	}
	line := b.title + ": "
	if b.pace.Total > 0 {
		line += number.Count(b.pace.Done) + " " + b.unit + " in "
	} else {
		line += "done in "
	}
	line += number.Span(took)
	if b.pace.Total > 1 && took > 10*time.Millisecond && b.pace.Done > s.from {
		line += ", " + number.Rate(b.pace.Done-s.from, took) + " " + b.unit + "/s"
	}
	if s.from > 0 {
		line += " (" + number.Count(s.from) + " of them were done before)"
	}
	s.Printf("%s\n", line)
	if s.Follower != nil {
		s.Follower.Finished(line)
	}
}

// Drop takes the bar away without a line: the task failed.
func (s *Stages) Drop() {
	if s.bar != nil {
		s.bar.Finish()
		s.bar = nil
	}
}

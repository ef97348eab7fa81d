package main

import "time"

// stages shows the tasks of a command one after the other: a bar for the one at work,
// and a line with its time and rate for each that has ended.
type stages struct {
	a    *app
	bar  *progress
	from int64 // of the bar's steps, done before it began

	steps *forecast // of tools that do not say how far they are; nil for none

	where string // the jobs are done, but in this process
}

// set moves the task of the given title on, and ends the one before it.
func (s *stages) set(title, unit string, done, total int64, detail string) {
	if s.bar == nil || s.bar.title != title {
		s.end()
		s.bar = newProgress(s.a.stderr, title, unit, total)
		s.from = 0
		if s.steps != nil && total == 0 {
			s.bar.forecast(s.steps.expect(title))
		}
	}
	if detail != "" && s.where != "" {
		detail = ", " + detail
	}
	s.bar.set(done, total, s.where+detail)
	if s.a.live != nil {
		s.a.live.At(s.bar.now)
	}
}

// at says where the jobs of the task at work are done.
func (s *stages) at(where string) {
	if s.where = where; s.bar != nil {
		s.bar.note(where)
	}
}

// of is set for a task without details.
func (s *stages) of(title, unit string, done, total int) {
	s.set(title, unit, int64(done), int64(total), "")
}

// task hears how far a task is.
func (s *stages) task(title, unit string) func(done, total int) {
	return func(done, total int) { s.of(title, unit, done, total) }
}

// resumed says how many of the steps were done before the task began.
func (s *stages) resumed(from int64) {
	if s.bar != nil {
		s.bar.resumed(from)
	}
	s.from = from
}

// end finishes the task at work and prints its line.
func (s *stages) end() {
	if s.bar == nil {
		return
	}
	took := s.bar.finish()
	b := s.bar
	s.bar = nil
	if s.steps != nil && b.pace.Total == 0 {
		s.steps.took(b.title, took)
	}
	line := b.title + ": "
	if b.pace.Total > 0 {
		line += count(b.pace.Done) + " " + b.unit + " in "
	} else {
		line += "done in "
	}
	line += span(took)
	if b.pace.Total > 1 && took > 10*time.Millisecond && b.pace.Done > s.from {
		line += ", " + rate(b.pace.Done-s.from, took) + " " + b.unit + "/s"
	}
	if s.from > 0 {
		line += " (" + count(s.from) + " of them were done before)"
	}
	s.a.printf("%s\n", line)
	if s.a.live != nil {
		s.a.live.Finished(line)
	}
}

// drop takes the bar away without a line: the task failed.
func (s *stages) drop() {
	if s.bar != nil {
		s.bar.finish()
		s.bar = nil
	}
}

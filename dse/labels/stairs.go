package labels

import (
	"slices"
	"sort"
)

// stairs is a front of bytes and noise: steps with growing bytes and falling noise. Where
// bytes are no objective it has one step.
type stairs struct {
	first int64 // of a stairs of one step at 0 bytes: its noise
	one   bool
	steps []stair
}

type stair struct{ bytes, noise int64 }

// covers says whether a step is no worse in both.
func (s *stairs) covers(bytes, noise int64) bool {
	if s.one && s.first <= noise && bytes >= 0 {
		return true
	}
	if len(s.steps) == 0 {
		return false
	}
	n := sort.Search(len(s.steps), func(i int) bool { return s.steps[i].bytes > bytes })
	return n > 0 && s.steps[n-1].noise <= noise
}

// add makes a step and removes those it covers; it returns false, and does nothing, if a
// step covers it already.
func (s *stairs) add(bytes, noise int64) bool {
	if s.covers(bytes, noise) {
		return false
	}
	if bytes == 0 {
		s.one, s.first = true, noise
		return true
	}
	from := sort.Search(len(s.steps), func(i int) bool { return s.steps[i].bytes >= bytes })
	to := from
	for to < len(s.steps) && s.steps[to].noise >= noise {
		to++
	}
	s.steps = slices.Replace(s.steps, from, to, stair{bytes, noise})
	return true
}

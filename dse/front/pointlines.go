package front

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync"
)

// linesAtOnce is how many lines of points a goroutine decodes at a time.
const linesAtOnce = 256

// block is lines of points that follow each other.
type block struct {
	first  int // number of the first line in the file
	text   []byte
	points []Point
	err    error
}

// pointLines reads points, one a line, up to the end of their list and of the front; before is how many lines stand
// before them. Errors are for behind the file's name: they begin with a colon, and the line where one is to blame.
func pointLines(in *bufio.Reader, before int) ([]Point, error) {
	var all []*block
	todo := make(chan *block, 2*runtime.GOMAXPROCS(0))
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			known := map[string]string{}
			for b := range todo {
				b.decode(known)
			}
		})
	}
	err := blocks(in, before, func(b *block) {
		all = append(all, b)
		todo <- b
	})
	close(todo)
	workers.Wait()
	n := 0
	for _, b := range all {
		if b.err != nil {
			return nil, b.err // the first one says why
		}
		n += len(b.points)
	}
	points := make([]Point, 0, n)
	for i, b := range all {
		points = append(points, b.points...)
		all[i] = nil
	}
	return points, err
}

// blocks cuts the lines of points into blocks and hands them over.
func blocks(in *bufio.Reader, line int, do func(*block)) error {
	b := &block{first: line + 1}
	lines := 0
	for {
		text, err := in.ReadBytes('\n')
		line++
		switch text = bytes.TrimSpace(text); {
		case err != nil && !errors.Is(err, io.EOF):
			return fmt.Errorf(": %w", err)
		case len(text) > 0 && text[0] == '{':
			b.text = append(append(b.text, text...), '\n')
			lines++
		case bytes.Equal(text, []byte("]")):
			do(b)
			return ending(in, line)
		default:
			do(b)
			return fmt.Errorf(":%d: is no point of a front, which ends before its list of points does; the file is damaged",
				line)
		}
		if lines == linesAtOnce {
			do(b)
			b, lines = &block{first: line + 1}, 0
		}
	}
}

// ending reads what follows the list of points.
func ending(in *bufio.Reader, line int) error {
	rest, err := io.ReadAll(io.LimitReader(in, 64))
	switch {
	case err != nil:
		return fmt.Errorf(": %w", err)
	case !bytes.Equal(bytes.TrimSpace(rest), []byte("}")):
		return fmt.Errorf(":%d: does not end as a front does; the file is damaged", line+1)
	}
	return nil
}

// decode reads the block's points; known are texts that points share.
func (b *block) decode(known map[string]string) {
	lines := bytes.Split(bytes.TrimSuffix(b.text, []byte("\n")), []byte("\n"))
	if len(b.text) == 0 {
		lines = nil
	}
	b.points = make([]Point, len(lines))
	for i, text := range lines {
		line := pointLine{Choice: shared{known: known}}
		if err := json.Unmarshal(bytes.TrimSuffix(text, []byte(",")), &line); err != nil {
			b.err = fmt.Errorf(":%d: is no point of a front: %w", b.first+i, err)
			return
		}
		p := &b.points[i]
		*p = line.Point
		p.Choice = line.Choice.list
		for _, s := range []*string{&p.Part, &p.UseOf, &p.Numerics} {
			*s = line.Choice.one(*s)
		}
		if p.Clock != nil {
			p.Clock.Evidence = line.Choice.one(p.Clock.Evidence)
		}
	}
	b.text = nil
}

// pointLine is a point whose choices are texts that many points share.
type pointLine struct {
	Point
	Choice shared `json:"choice"`
}

// shared is a list of texts, each of which is kept once.
type shared struct {
	known map[string]string
	list  []string
}

func (s *shared) one(text string) string {
	if same, ok := s.known[text]; ok {
		return same
	}
	s.known[text] = text
	return text
}

// UnmarshalJSON reads a list of texts.
func (s *shared) UnmarshalJSON(text []byte) error {
	if bytes.ContainsRune(text, '\\') || !bytes.HasPrefix(text, []byte(`["`)) {
		if err := json.Unmarshal(text, &s.list); err != nil {
			return err
		}
		for i, word := range s.list {
			s.list[i] = s.one(word)
		}
		return nil
	}
	s.list = make([]string, 0, bytes.Count(text, []byte(`"`))/2)
	for {
		_, rest, _ := bytes.Cut(text, []byte(`"`))
		word, rest, found := bytes.Cut(rest, []byte(`"`))
		if !found {
			return nil
		}
		same, ok := s.known[string(word)]
		if !ok {
			same = s.one(string(word))
		}
		s.list, text = append(s.list, same), rest
	}
}

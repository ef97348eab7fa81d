package front

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"vitdse/configs"
	"vitdse/dse/pareto"
)

// Load reads the front of a run directory, or a front.json by its name. read hears how many of how many bytes
// have been read; it may be nil. If ctx ends first, the error is its cause.
func Load(ctx context.Context, path string, read func(done, total int64)) (*Front, error) {
	return loadFront(ctx, path, read, true)
}

// LoadHead reads all of a front but its points.
func LoadHead(path string) (*Front, error) {
	return loadFront(context.Background(), path, nil, false)
}

func loadFront(ctx context.Context, path string, read func(done, total int64), points bool) (*Front, error) {
	file, size, err := openFront(path)
	if err != nil {
		return nil, err
	}
	path = file.Name()
	defer file.Close()
	from := &watched{ctx: ctx, from: file, total: size, read: read}
	in := bufio.NewReaderSize(from, 1<<20)
	head, inLines, err := headOf(in)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	f := new(Front)
	if err := json.Unmarshal(head, f); err != nil {
		return nil, fmt.Errorf("%s: is no front of a sweep: %w", path, err)
	}
	if f.Schema != Schema {
		return nil, fmt.Errorf("%s: has schema %d, this version reads %d; explore again with this version",
			path, f.Schema, Schema)
	}
	if !points {
		f.Points = nil
		return f, nil
	}
	if inLines {
		if f.Points, err = pointLines(in, bytes.Count(head, []byte("\n"))); err != nil && ctx.Err() == nil {
			f, err = wholeFront(file, from, err) // as another program may have written it
		}
		if err != nil {
			return nil, fmt.Errorf("%s%w", path, err)
		}
	}
	return f, f.checkPoints(path)
}

// openFront opens the front's file that a path means.
func openFront(path string) (*os.File, int64, error) {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		path = filepath.Join(path, JSONFile)
	}
	file, size, err := configs.OpenRegular(path)
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("%w; explore a space first, or give the run directory of one that was explored", err)
	}
	return file, size, err
}

func (f *Front) checkPoints(path string) error {
	if len(f.Objectives) > pareto.MaxObjectives {
		return fmt.Errorf("%s: has %d objectives; expected at most %d; the file is damaged",
			path, len(f.Objectives), pareto.MaxObjectives)
	}
	for i := range f.Points {
		p := &f.Points[i]
		if len(p.Costs) != len(f.Objectives) {
			return fmt.Errorf("%s: point %s has %d costs for %d objectives; the file is damaged",
				path, p.Name, len(p.Costs), len(f.Objectives))
		}
		if len(p.Choice) != len(f.Axes) {
			return fmt.Errorf("%s: point %s has %d choices for %d axes; the file is damaged",
				path, p.Name, len(p.Choice), len(f.Axes))
		}
	}
	return nil
}

// pointsKey is the line behind which Front.JSON writes a point a line. No other line of its text is like it: the
// key stands at the outermost level, and texts have no line ends.
var pointsKey = []byte("  \"points\": [\n")

// headOf reads up to the points and closes what it has read, so that it is a front without points. inLines is false
// where it came to the end: then what it read is all.
func headOf(in *bufio.Reader) (text []byte, inLines bool, err error) {
	for {
		line, err := in.ReadSlice('\n')
		text = append(text, line...)
		switch {
		case errors.Is(err, io.EOF):
			return text, false, nil
		case err != nil && !errors.Is(err, bufio.ErrBufferFull):
			return nil, false, err
		case bytes.Equal(line, pointsKey):
			return append(text, "]}"...), true, nil
		case len(text) > configs.MaxReadBytes:
			return nil, false, fmt.Errorf("has more than %d bytes and no list of points in lines; is no front of a sweep",
				configs.MaxReadBytes)
		}
	}
}

// wholeFront reads a front that is not laid out as Front.JSON does it. why says where it is not.
func wholeFront(file *os.File, from *watched, why error) (*Front, error) {
	if from.total > configs.MaxReadBytes {
		return nil, why
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return nil, fmt.Errorf(": %w", err)
	}
	from.done = 0
	text, err := io.ReadAll(from)
	if err != nil {
		return nil, fmt.Errorf(": %w", err)
	}
	f := new(Front)
	if json.Unmarshal(text, f) != nil {
		return nil, why
	}
	return f, nil
}

// watched is a reader whose reading is heard of and ends with a context.
type watched struct {
	ctx         context.Context
	from        io.Reader
	done, total int64
	read        func(done, total int64)
}

func (w *watched) Read(p []byte) (int, error) {
	if w.ctx.Err() != nil {
		return 0, context.Cause(w.ctx)
	}
	n, err := w.from.Read(p)
	if w.done += int64(n); w.read != nil {
		w.read(w.done, w.total)
	}
	return n, err
}

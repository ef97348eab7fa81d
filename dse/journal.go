package dse

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
)

// JournalFile is the name of the journal in a run directory: JSON lines, the first a
// header, then one for each finished shard, in the order in which they finished. Points
// that an earlier line's points dominate are left out of a line's front.
const JournalFile = "journal.jsonl"

const (
	journalName    = "vitdse sweep"
	journalVersion = 1
)

type journalHeader struct {
	Journal string `json:"journal"`
	Version int    `json:"version"`
	Inputs  string `json:"inputs"` // hash of all that the lines depend on
	Shards  int    `json:"shards"`
}

type journalLine struct {
	Shard int           `json:"shard"`
	Parts []journalPart `json:"parts"`
}

type journalPart struct {
	tally
	Front []ranked `json:"front"`
}

// MarshalJSON writes [rank, seconds, use, noise].
func (p ranked) MarshalJSON() ([]byte, error) {
	return fmt.Appendf(nil, "[%d,%s,%s,%s]", p.rank, number(p.Seconds), number(p.Use), number(p.Noise)), nil
}

// UnmarshalJSON reads what MarshalJSON writes.
func (p *ranked) UnmarshalJSON(text []byte) error {
	fields := [4]any{&p.rank, &p.Seconds, &p.Use, &p.Noise}
	list := fields[:]
	return json.Unmarshal(text, &list)
}

// JournalError says why the journal of an earlier sweep cannot be resumed.
type JournalError struct {
	File      string
	What      string // "version" or "inputs"
	Have, Run string // what the file has and what this run has
}

func (e *JournalError) Error() string {
	return fmt.Sprintf("%s: cannot be resumed: its %s is %s, this run's is %s; run without resuming to start over, or give another run directory",
		e.File, e.What, e.Have, e.Run)
}

// journal appends finished shards to a file. Every line is written at once, so that a
// process that is killed loses at most the line it was writing.
type journal struct {
	file *os.File
}

// lock makes the journal this process's until it ends or closes the file, however it ends, and says in a file
// beside it who has it.
func lock(journal *os.File) error {
	holder := journal.Name() + ".holder"
	if syscall.Flock(int(journal.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) != nil {
		who := "another process"
		if pid, err := os.ReadFile(holder); err == nil && len(pid) > 0 {
			who = "process " + string(pid)
		}
		return fmt.Errorf("%s: %s is exploring into this folder; wait for it, or give another --out", filepath.Dir(journal.Name()), who)
	}
	return os.WriteFile(holder, strconv.AppendInt(nil, int64(os.Getpid()), 10), 0o666)
}

// openJournal starts the journal of a run directory, or continues the one that is there
// and gives its lines. An empty directory name is no journal.
func openJournal[L any](dir string, resume bool, h journalHeader) (*journal, []L, error) {
	if dir == "" {
		return &journal{}, nil, nil
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, nil, err
	}
	file, err := os.OpenFile(filepath.Join(dir, JournalFile), os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return nil, nil, err
	}
	if err := lock(file); err != nil {
		return nil, nil, errors.Join(err, file.Close())
	}
	j := &journal{file}
	lines, size, err := readJournal[L](j, resume, h)
	if info, serr := file.Stat(); err == nil && (serr != nil || info.Size() != size) {
		err = file.Truncate(size)
	}
	if err == nil {
		_, err = file.Seek(size, io.SeekStart)
	}
	if err == nil && size == 0 {
		err = j.write(h)
	}
	if err != nil {
		file.Close()
		return nil, nil, err
	}
	return j, lines, nil
}

// readJournal gives the lines of the file and the length up to the last whole one: 0 for a
// file without a whole header, or if it is not to be resumed.
func readJournal[L any](j *journal, resume bool, h journalHeader) ([]L, int64, error) {
	if !resume {
		return nil, 0, nil
	}
	text, err := io.ReadAll(j.file)
	if err != nil {
		return nil, 0, err
	}
	whole := text[:bytes.LastIndexByte(text, '\n')+1]
	if len(whole) == 0 {
		return nil, 0, nil
	}
	head, rest, _ := bytes.Cut(whole, []byte("\n"))
	if err := j.check(head, h); err != nil {
		return nil, 0, err
	}
	var lines []L
	for n := 2; len(rest) > 0; n++ {
		var text []byte
		text, rest, _ = bytes.Cut(rest, []byte("\n"))
		var l L
		if err := json.Unmarshal(text, &l); err != nil {
			return nil, 0, fmt.Errorf("%s:%d: damaged: %w; run without resuming to start over", j.file.Name(), n, err)
		}
		lines = append(lines, l)
	}
	return lines, int64(len(whole)), nil
}

// check compares the header of the file with this run's.
func (j *journal) check(head []byte, h journalHeader) error {
	var got journalHeader
	err := json.Unmarshal(head, &got)
	if err == nil && got.Journal != h.Journal && (got.Journal == journalName || got.Journal == exactName) {
		return &JournalError{j.file.Name(), "method", got.Journal, h.Journal}
	}
	if err != nil || got.Journal != h.Journal {
		return fmt.Errorf("%s: is no journal of a sweep; move it away, or give another run directory", j.file.Name())
	}
	if got.Version != h.Version {
		return &JournalError{j.file.Name(), "version", fmt.Sprint(got.Version), fmt.Sprint(h.Version)}
	}
	if got.Inputs != h.Inputs || got.Shards != h.Shards {
		return &JournalError{j.file.Name(), "inputs", got.Inputs, h.Inputs}
	}
	return nil
}

// write appends one line.
func (j *journal) write(line any) error {
	if j.file == nil {
		return nil
	}
	text, err := json.Marshal(line)
	if err != nil {
		return err
	}
	_, err = j.file.Write(append(text, '\n'))
	return err
}

// close makes the journal last beyond a crash of the machine, too.
func (j *journal) close() error {
	if j.file == nil {
		return nil
	}
	os.Remove(j.file.Name() + ".holder") // before the lock is given up
	return errors.Join(j.file.Sync(), j.file.Close())
}

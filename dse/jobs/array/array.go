// Package array does the jobs of long work as one array job of a lab's own scheduler, or as processes of this machine:
// the same path. A folder that all nodes share has the work (what to run, and which jobs each task does), the records,
// written by the task that found them and never by two, and a log for each task. Scheduling, limits and requeueing are
// the scheduler's: a task that runs twice writes the same records twice.
package array

import (
	"cmp"
	"container/heap"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"vitdse/configs"
	"vitdse/dse/jobs"
)

// Work is what the tasks of an array do.
type Work struct {
	Schema int               `json:"schema"`
	Plan   jobs.Plan         `json:"plan"`
	Build  string            `json:"build"`  // of the program; tasks of another refuse
	Args   []string          `json:"args"`   // its command line
	Folder string            `json:"folder"` // in which it runs
	Tools  map[string]string `json:"tools"`  // what tools say of their version; a node with others refuses
	Tasks  [][]int           `json:"tasks"`  // jobs of each
}

const (
	workSchema = 2
	workFile   = "work.json"
)

// records and the others are folders of the work's.
const records, failures, logs, hosts = "records", "failures", "logs", "hosts"

// Create writes the work to a folder. One that holds other work is refused; records of the same plan stay.
func Create(dir string, w Work) error {
	w.Schema = workSchema
	if old, err := Load(dir); err == nil && old.Plan != w.Plan {
		return otherWork(dir, old)
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, name := range []string{failures, hosts} { // of an earlier array
		if err := os.RemoveAll(filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	for _, name := range []string{records, failures, logs, hosts} {
		if err := os.MkdirAll(filepath.Join(dir, name), 0o777); err != nil {
			return err
		}
	}
	text, err := json.MarshalIndent(w, "", " ")
	if err != nil {
		return err
	}
	return configs.WriteFile(filepath.Join(dir, workFile), append(text, '\n'))
}

func otherWork(dir string, w Work) error {
	return fmt.Errorf("%s holds the tasks of other work (%s, inputs %.12s); if nobody waits for it remove it, "+
		"or give another folder with --work",
		dir, w.Plan.Kind, w.Plan.Inputs)
}

// Load reads the work of a folder.
func Load(dir string) (Work, error) {
	var w Work
	path := filepath.Join(dir, workFile)
	text, err := os.ReadFile(path)
	if err != nil {
		return w, fmt.Errorf("%s holds no work of an array job: %w", dir, err)
	}
	if err := json.Unmarshal(text, &w); err != nil {
		return w, fmt.Errorf("%s: %w", path, err)
	}
	if w.Schema != workSchema {
		return w, fmt.Errorf("%s: has schema %d, this version reads %d; remove the folder and submit the work again",
			path, w.Schema, workSchema)
	}
	return w, nil
}

// loads are what tasks have to do, the least first.
type loads []struct {
	seconds float64
	task    int
}

func (l loads) Len() int { return len(l) }
func (l loads) Less(i, j int) bool {
	return l[i].seconds < l[j].seconds || l[i].seconds == l[j].seconds && l[i].task < l[j].task
}
func (l loads) Swap(i, j int) { l[i], l[j] = l[j], l[i] }
func (l loads) Push(any)      {}
func (l loads) Pop() any      { return nil }

// Cut shares jobs out over at most so many tasks of about equal cost, in seconds, and of least each where there is
// enough to do. A task's jobs are ascending.
func Cut(list []int, cost func(job int) float64, tasks int, least float64) [][]int {
	total := 0.0
	for _, job := range list {
		total += cost(job)
	}
	if least > 0 {
		tasks = min(tasks, int(total/least))
	}
	tasks = max(1, min(tasks, len(list)))
	byCost := slices.Clone(list)
	slices.SortStableFunc(byCost, func(a, b int) int { return cmp.Compare(cost(b), cost(a)) })
	cut, load := make([][]int, tasks), make(loads, tasks)
	for i := range load {
		load[i].task = i
	}
	for _, job := range byCost { // the longest first, each to who has least
		l := &load[0]
		cut[l.task] = append(cut[l.task], job)
		l.seconds += cost(job)
		heap.Fix(&load, 0)
	}
	for _, c := range cut {
		slices.Sort(c)
	}
	return cut
}

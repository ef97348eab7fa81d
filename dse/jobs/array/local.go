package array

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"sync"
	"time"

	"vitdse/dse/jobs"
	"vitdse/emit/child"
)

// local runs every task in a process of its own, on this machine.
func (s *submission) local(ctx context.Context) error {
	workers := s.Workers
	if workers < 1 {
		workers = runtime.GOMAXPROCS(0)
	}
	var list []int
	for i := range s.work.Tasks {
		list = append(list, i)
	}
	ended := make(chan error, 1)
	within, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var tasks sync.WaitGroup
	tasks.Go(func() {
		ended <- jobs.Run(within, list, jobs.Work[error]{
			Workers: workers,
			Worker:  func() func(context.Context, int) (error, error) { return s.process },
			Take:    func(int, error) error { return nil },
		})
	})
	defer tasks.Wait()
	for {
		select {
		case err := <-ended:
			if ctx.Err() != nil {
				s.Warn("interrupted; what the tasks found is kept: the same command does what is missing")
			}
			return errors.Join(err, s.look())
		case <-time.After(s.poll()):
			if err := s.look(); err != nil {
				stop(err)
				return err
			}
		}
	}
}

// process runs a task to its end; what it failed of stands in the folder.
func (s *submission) process(ctx context.Context, task int) (error, error) {
	log, err := os.OpenFile(logPath(s.dir, task), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o666)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	cmd := child.Command{Args: []string{s.Program, "task", s.dir, fmt.Sprint(task)}, Merge: true, Cut: true,
		Line: func(line []byte) error { _, err := log.Write(append(slices.Clone(line), '\n')); return err }}
	_, err = cmd.Run(ctx)
	if errors.Is(err, exec.ErrNotFound) || ctx.Err() != nil {
		return nil, err
	}
	return err, nil
}

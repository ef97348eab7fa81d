// Vitdse explores, emits and verifies FPGA accelerators for quantized vision
// transformers. Run it without arguments for its commands; every command's --help has
// an example.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	signals := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) { // as under nohup
		signals = append(signals, syscall.SIGHUP)
	}
	ctx, stop := signal.NotifyContext(context.Background(), signals...)
	go leave(ctx, stop)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// patience is how long a command that was interrupted may take to finish what it writes.
const patience = 5 * time.Second

// leave ends the program when an interruption does not: where it waits for what never comes, as in
// opening a FIFO. A second signal ends it at once. Children go with it (emit/child).
func leave(ctx context.Context, stop context.CancelFunc) {
	<-ctx.Done()
	stop()
	time.Sleep(patience)
	fmt.Fprintln(os.Stderr, "vitdse: interrupted")
	os.Exit(exitInterrupted)
}

// run is the program: it executes one command line and returns the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	a := newApp(stdout, stderr)
	a.args = args
	root := a.root()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	return report(ctx, stderr, errors.Join(err, a.End(err)))
}

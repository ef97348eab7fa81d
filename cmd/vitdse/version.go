package main

import (
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"runtime"
	"sync"

	"github.com/spf13/cobra"

	"vitdse/emit"
)

func newVersion(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Print the version",
		Example: "  vitdse version",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			a.Printf("vitdse %s %s %s/%s\n", emit.Version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
			return nil
		},
	}
}

// buildID names this build: the version and the head of the executable's hash. What a sweep
// keeps on disk carries it, because another build may price the same point otherwise.
var buildID = sync.OnceValues(func() (string, error) {
	path, err := os.Executable()
	if err != nil {
		return "", err
	}
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return fmt.Sprintf("%s+%x", emit.Version, h.Sum(nil)[:6]), nil
})

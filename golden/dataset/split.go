package dataset

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"

	"vitdse/configs"
)

// Split is a folder of photographs as a dataset: images to calibrate on, and images to be measured on, with labels if
// there are any.
type Split struct{ Train, Test *Folder }

// testFolders are the names that the folder of a dataset's test images may have, beside train.
var testFolders = []string{"test", "val", "validation"}

// labelFiles are the names that a file of labels may have inside a folder of images.
var labelFiles = []string{"labels.txt", "labels.csv"}

// OpenSplit lists the images of a dataset's folder for a model. Where it has a folder train and one of test, val and
// validation, these are its two parts; else every second image of all, in alphabetical order, is for calibration.
// Labels are those of OpenFolder: of class folders, or of a file labels.txt or labels.csv inside the folder of the test
// images.
func OpenSplit(dir string, m configs.Model) (Split, error) {
	train, test := filepath.Join(dir, "train"), ""
	for _, name := range testFolders {
		if at := filepath.Join(dir, name); isFolder(at) {
			if test != "" {
				return Split{}, fmt.Errorf("dataset %s: has both %s and %s; expected one folder of test images", dir, test, at)
			}
			test = at
		}
	}
	switch {
	case isFolder(train) && test != "":
		s := Split{Train: &Folder{model: m}}
		err := s.Train.list(train) // whose classes do not matter
		if err == nil {
			s.Test, err = OpenFolder(test, labelsIn(test), m)
		}
		return s, err
	case isFolder(train):
		return Split{}, fmt.Errorf("dataset %s: has a folder train and none of test images; expected test, "+
			"val or validation beside it", dir)
	case test != "":
		return Split{}, fmt.Errorf("dataset %s: has %s and no folder train beside it, of images to calibrate on", dir, test)
	}
	all, err := OpenFolder(dir, labelsIn(dir), m)
	if err != nil {
		return Split{}, err
	}
	if len(all.Files) < 2 {
		return Split{}, fmt.Errorf("dataset %s: has one image; expected one to calibrate on and one to be measured on at "+
			"least", dir)
	}
	return Split{Train: all.every(2, 1), Test: all.every(2, 0)}, nil
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// labelsIn is the file of labels inside a folder, "" if there is none.
func labelsIn(dir string) string {
	for _, name := range labelFiles {
		if at := filepath.Join(dir, name); !isFolder(at) {
			if _, err := os.Stat(at); err == nil {
				return at
			}
		}
	}
	return ""
}

// every is one of so many images from a place on, with what is left out.
func (f *Folder) every(step, from int) *Folder {
	return f.pick((len(f.Files)-from+step-1)/step, func(i int) int { return from + i*step })
}

// Spread is so many images at most, evenly spread over the folder's.
func (f *Folder) Spread(most int) *Folder {
	n := len(f.Files)
	if n <= most {
		return f
	}
	return f.pick(most, func(i int) int { return i * n / most })
}

func (f *Folder) pick(n int, at func(int) int) *Folder {
	p := &Folder{Left: f.Left, model: f.model}
	for i := range n {
		p.Files = append(p.Files, f.Files[at(i)])
		if f.Labels != nil {
			p.Labels = append(p.Labels, f.Labels[at(i)])
		}
	}
	return p
}

// Load reads all images, with so many goroutines. progress is called from one goroutine at a time.
func (f *Folder) Load(ctx context.Context, workers int, progress func(done, total int)) (*Images, error) {
	of := f.model.Image
	m := &Images{N: len(f.Files), H: of.Height, W: of.Width, C: of.Channels,
		Pixels: make([]uint8, len(f.Files)*of.Pixels())}
	var next atomic.Int64
	var mu sync.Mutex
	var failed error
	done := 0
	var wg sync.WaitGroup
	for range min(workers, m.N) {
		wg.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= m.N {
					return
				}
				pixels, err := f.Read(i)
				if err = errors.Join(err, context.Cause(ctx)); err == nil {
					copy(m.At(i), pixels)
				}
				mu.Lock()
				if failed == nil {
					failed = err
				}
				stop := failed != nil
				if done++; !stop {
					progress(done, m.N)
				}
				mu.Unlock()
				if stop {
					return
				}
			}
		})
	}
	wg.Wait()
	if failed != nil {
		return nil, failed
	}
	return m, nil
}

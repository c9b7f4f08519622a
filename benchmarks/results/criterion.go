package results

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Estimate is criterion's result for one benchmark: the median with its 95 % confidence interval,
// in nanoseconds.
type Estimate struct {
	Name   string  `json:"name"`
	Median float64 `json:"median_ns"`
	Low    float64 `json:"low_ns"`
	High   float64 `json:"high_ns"`
}

// Criterion reads all estimates below target/criterion. They are ordered by name, with numbers in
// names compared as numbers. It returns none if the folder does not exist.
func Criterion(folder string) ([]Estimate, error) {
	var all []Estimate
	err := filepath.WalkDir(folder, func(path string, _ fs.DirEntry, err error) error {
		if err != nil || filepath.Base(path) != "benchmark.json" || filepath.Base(filepath.Dir(path)) != "new" {
			return err
		}
		var benchmark struct {
			FullID string `json:"full_id"`
		}
		var estimates struct {
			Median struct {
				Point    float64 `json:"point_estimate"`
				Interval struct {
					Low  float64 `json:"lower_bound"`
					High float64 `json:"upper_bound"`
				} `json:"confidence_interval"`
			}
		}
		if err := errors.Join(decode(path, &benchmark), decode(filepath.Join(filepath.Dir(path), "estimates.json"), &estimates)); err != nil {
			return err
		}
		median := estimates.Median
		if benchmark.FullID == "" || median.Point <= 0 {
			return fmt.Errorf("%s: no name or no median", path)
		}
		all = append(all, Estimate{benchmark.FullID, rounded(median.Point), rounded(median.Interval.Low), rounded(median.Interval.High)})
		return nil
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	slices.SortFunc(all, func(a, b Estimate) int { return compareNames(a.Name, b.Name) })
	return all, err
}

// compareNames compares names, with numbers in them as numbers.
func compareNames(a, b string) int { return strings.Compare(sortable(a), sortable(b)) }

// sortable pads the numbers in a name.
func sortable(name string) string {
	parts := strings.Split(name, "/")
	for i, part := range parts {
		if strings.Trim(part, "0123456789") == "" {
			parts[i] = fmt.Sprintf("%12s", part)
		}
	}
	return strings.Join(parts, "/")
}

func rounded(nanoseconds float64) float64 { return math.Round(nanoseconds*100) / 100 }

func decode(path string, out any) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, out)
}

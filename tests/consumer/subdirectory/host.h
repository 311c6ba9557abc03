/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HOST_H_
#define HOST_H_

/* 0 if softlane, of which this library has a copy, gives the golden digest. */
int HostCheck();

#endif  // HOST_H_
